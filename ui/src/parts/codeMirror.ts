import { defaultKeymap, history, historyKeymap } from "@codemirror/commands";
import { json } from "@codemirror/lang-json";
import { bracketMatching, HighlightStyle, indentOnInput, syntaxHighlighting } from "@codemirror/language";
import { EditorState } from "@codemirror/state";
import { EditorView, keymap, lineNumbers } from "@codemirror/view";
import { tags } from "@lezer/highlight";

const COLORS = HighlightStyle.define([
  { tag: tags.propertyName, color: "var(--kind-llm)" },
  { tag: tags.string, color: "var(--kind-retrieval)" },
  { tag: [tags.number, tags.bool, tags.null], color: "var(--kind-tool)" },
]);

const LOOKS = EditorView.theme({
  "&": { fontSize: "var(--size-small)" },
  "&.cm-focused": { outline: "none" },
  ".cm-scroller": { fontFamily: "var(--mono)" },
  ".cm-gutters": { borderColor: "var(--line)", backgroundColor: "var(--bg-raised)", color: "var(--text-muted)" },
  ".cm-cursor": { borderColor: "var(--text)" },
});

/**
 * An editor for JSON in `parent`, with `text` in it. Tab leaves it, as it leaves any other field.
 *
 * It stands in a shadow root: there its style sheets are objects, in the document they would be style elements, which
 * the policy of the page forbids.
 *
 * @param focused - whether it takes the focus, as what stood in its place had it.
 * @returns what takes it away again.
 */
export function editJson(
  parent: HTMLElement,
  text: string,
  attributes: Record<string, string>,
  focused: boolean,
  onChange: (text: string) => void,
): () => void {
  const root = parent.shadowRoot ?? parent.attachShadow({ mode: "open" });
  const view = new EditorView({
    root,
    parent: root,
    state: EditorState.create({
      doc: text,
      extensions: [
        lineNumbers(),
        history(),
        indentOnInput(),
        bracketMatching(),
        json(),
        syntaxHighlighting(COLORS),
        LOOKS,
        keymap.of([...defaultKeymap, ...historyKeymap]),
        EditorView.lineWrapping,
        EditorView.contentAttributes.of(attributes),
        EditorView.updateListener.of((update) => {
          if (update.docChanged) onChange(update.state.doc.toString());
        }),
      ],
    }),
  });
  if (focused) view.focus();
  return () => view.destroy();
}
