import { type Node, type Tree, walk } from "./tree";

/** One entry of the conversation. */
export type Turn =
  /** What a user or the application said. */
  { kind: "message"; node: Node } | Work;

/** What was done between, folded to one line; `asked` and `answered`: whose input and output stand for messages. */
export interface Work {
  kind: "work";
  node: Node;
  steps: number;
  generations: number;
  asked: Node | null;
  answered: Node | null;
}

/** A thread as it was talked: messages in order, and between them what was done to answer. */
export function turnsOf({ roots }: Tree): Turn[] {
  const turns: Turn[] = [];
  const pending = [...roots].reverse();
  for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
    if (isMessage(node)) {
      turns.push({ kind: "message", node });
      pending.push(...[...node.children].reverse());
      continue;
    }
    const below = [...walk([node])];
    const messages = below.filter(isMessage);
    const generations = below.filter(({ row }) => row !== null && row.generation !== null);
    // Without messages its own input and output say what was talked, else those of its first and last generation.
    const silent = messages.length === 0;
    const work: Work = {
      kind: "work",
      node,
      steps: below.length - messages.length,
      generations: generations.length,
      asked: (silent ? [node, ...generations].find(({ row }) => row !== null && row.input !== null) : null) ?? null,
      answered:
        (silent ? [...generations, node].findLast(({ row }) => row !== null && row.output !== null) : null) ?? null,
    };
    // A run is shown where it begins, which is after the question that it answers.
    const asked = messages.findIndex(({ row }) => row?.type !== "user_message");
    const before = messages.slice(0, asked < 0 ? messages.length : asked);
    const after = asked < 0 ? [] : messages.slice(asked);
    turns.push(...before.map(messageTurn), work, ...after.map(messageTurn));
  }
  return turns.map((turn, index) =>
    turn.kind === "work" ? unrepeated(turn, turns[index - 1], turns[index + 1]) : turn,
  );
}

/** Without the question and the answer that the messages around it say already. */
function unrepeated(work: Work, before: Turn | undefined, after: Turn | undefined): Work {
  const said = (turn: Turn | undefined, type: string) => turn?.kind === "message" && turn.node.row?.type === type;
  return {
    ...work,
    asked: said(before, "user_message") ? null : work.asked,
    answered: said(after, "assistant_message") ? null : work.answered,
  };
}

/** Who speaks: the rest of the types are no messages. */
export function isMessage({ row }: Node): boolean {
  return (row?.type ?? "").endsWith("_message");
}

function messageTurn(node: Node): Turn {
  return { kind: "message", node };
}
