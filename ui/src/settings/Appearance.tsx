import { type Density, type Theme, useLooks } from "../frame/theme";

const THEMES: Record<Theme, string> = { system: "As the system", light: "Light", dark: "Dark" };
const DENSITIES: Record<Density, string> = { normal: "Normal", compact: "Compact" };

/** Theme and density; kept by this browser. */
export function Appearance() {
  const [looks, setLooks] = useLooks();
  return (
    <>
      <Choice legend="Theme" options={THEMES} value={looks.theme} onChange={(theme) => setLooks({ ...looks, theme })} />
      <Choice
        legend="Height of rows"
        options={DENSITIES}
        value={looks.density}
        onChange={(density) => setLooks({ ...looks, density })}
      />
      <p className="muted">This browser remembers it.</p>
    </>
  );
}

interface ChoiceProps<T extends string> {
  legend: string;
  options: Record<T, string>;
  value: T;
  onChange: (value: T) => void;
}

function Choice<T extends string>({ legend, options, value, onChange }: ChoiceProps<T>) {
  return (
    <fieldset className="settings-choice">
      <legend>{legend}</legend>
      {(Object.keys(options) as T[]).map((option) => (
        <label key={option}>
          <input type="radio" name={legend} checked={option === value} onChange={() => onChange(option)} />
          {options[option]}
        </label>
      ))}
    </fieldset>
  );
}
