import type { ButtonHTMLAttributes, ReactNode } from "react";

interface Props extends ButtonHTMLAttributes<HTMLButtonElement> {
  look?: "normal" | "primary" | "danger" | "plain";
  /** Why it cannot be used now: said to everybody, and it stays reachable by keyboard. */
  refused?: string | undefined;
  children: ReactNode;
}

/** A button of one size. `refused` disables it and says why. */
export function Button({ look = "normal", refused, className = "", onClick, ...rest }: Props) {
  return (
    <button
      type="button"
      {...rest}
      className={`button button-${look} ${className}`}
      {...(refused === undefined ? { onClick } : { "aria-disabled": true, title: refused, onClick: undefined })}
    />
  );
}
