import { BASE } from "../api/address";
import { copy } from "../parts/Copy";
import { Glyph } from "../parts/Glyph";
import { Menu } from "../parts/Menu";
import { asJson, curlOfCall, curlOfStep, pythonOf, pythonOfStep } from "./copies";
import type { WholeStep } from "./types";

function server(): string {
  return window.location.origin + BASE.replace(/\/$/, "");
}

/** The step as JSON on the clipboard. */
export function copyAsJson(step: WholeStep): Promise<void> {
  return copy(asJson(step), "the step as JSON");
}

/** What a step can be copied as. The call of a generation can be made again with one's own key. */
export function CopyMenu({ step }: { step: WholeStep }) {
  const call = curlOfCall(step);
  const items: [string, string, () => string][] = [
    ["JSON", "the step as JSON", () => asJson(step)],
    ...(call === null
      ? []
      : [["curl: call the model again", "the call as curl", () => call] as [string, string, () => string]]),
    ["curl: get this step", "the request as curl", () => curlOfStep(step, server())],
    ...(call === null
      ? []
      : [
          ["Python: call the model again", "the call as Python", () => pythonOf(step, server())] as [
            string,
            string,
            () => string,
          ],
        ]),
    ["Python: get this step", "the request as Python", () => pythonOfStep(step, server())],
  ];
  return (
    <Menu
      look="plain"
      name="Copy as"
      label={
        <>
          <Glyph name="copy" /> Copy as
        </>
      }
    >
      {(close) =>
        items.map(([name, what, make]) => (
          <button
            key={name}
            type="button"
            className="menu-item"
            onClick={() => {
              close();
              void copy(make(), what);
            }}
          >
            {name}
          </button>
        ))
      }
    </Menu>
  );
}
