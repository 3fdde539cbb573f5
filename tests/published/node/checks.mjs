// The frame of a Node program with the published client: its checks, one after the other. A check is an exported
// function `check…`; the comment line above it may name feature rows. The program prints one JSON object: `checks`,
// name to "ok" or the stack, and `refusals`, how many calls were meant to be refused.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';

let refusals = 0;

export const fresh = (kind) => `${kind} ${randomUUID()}`;

// The server must refuse what `ask` does, with `because` in what the client throws.
export async function refused(because, ask, calls = 1) {
  refusals += calls;
  await assert.rejects(ask, (error) => {
    assert.ok(String(error.message ?? error).includes(because), `not because of ${because}: ${error.message}`);
    return true;
  });
}

// What the client sends without awaiting it is there after a moment.
export async function eventually(read, holds) {
  for (let attempt = 0; ; attempt++) {
    const value = await read();
    if (holds(value)) return value;
    if (attempt === 50) throw new Error(`still ${JSON.stringify(value)}`);
    await new Promise((resolve) => setTimeout(resolve, 50));
  }
}

export async function run(checks) {
  const results = {};
  for (const [name, check] of Object.entries(checks)) {
    try {
      await check();
      results[name] = 'ok';
    } catch (error) {
      results[name] = error.stack ?? String(error);
    }
  }
  process.stdout.write(`\n${JSON.stringify({ checks: results, refusals })}\n`, () => process.exit(0));
}
