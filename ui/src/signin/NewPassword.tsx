import { TextField } from "../parts/TextField";

/** Fewest characters that the server takes (`server/access/passwords.py`). */
export const MIN_PASSWORD = 10;

interface Props {
  label?: string;
  value: string;
  onChange: (value: string) => void;
  problem?: string | undefined;
}

/** The field of a password that is chosen now. */
export function NewPassword({ label = "Password", value, onChange, problem }: Props) {
  return (
    <TextField
      label={label}
      hint={`At least ${MIN_PASSWORD} characters.`}
      problem={problem}
      type="password"
      autoComplete="new-password"
      minLength={MIN_PASSWORD}
      required
      value={value}
      onChange={onChange}
    />
  );
}
