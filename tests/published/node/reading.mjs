// What the samples' runs read back: by name, once what is sent in the background is there.
import { LiteralClient } from '@literalai/client';
import { eventually } from './checks.mjs';

export const reader = new LiteralClient();

// The AI SDK of that time does not read OPENAI_BASE_URL.
const { fetch } = globalThis;
globalThis.fetch = (input, options) =>
  fetch(String(input).replace('https://api.openai.com/v1', process.env.OPENAI_BASE_URL), options);

export const steps = async (...filters) =>
  (await reader.api.getSteps({ filters, orderBy: { column: 'createdAt', direction: 'ASC' } })).data;

// Names, types and outputs of the `count` steps of the newest thread of that name.
export async function threadNamed(name, count) {
  const filters = [{ field: 'name', operator: 'eq', value: name }];
  const read = async () => (await reader.api.getThreads({ filters })).data[0]?.steps ?? [];
  const found = await eventually(read, (list) => list.length >= count);
  return found.map((step) => [step.name, step.type, step.metadata]).sort();
}

// Names of the `count` steps below the step of that name.
export async function stepsBelow(name, count) {
  const [parent] = await eventually(() => steps({ field: 'name', operator: 'eq', value: name }), (list) => list.length);
  const below = await eventually(() => steps({ field: 'parentId', operator: 'eq', value: parent.id }), (list) => list.length >= count);
  return below.map((step) => step.name);
}

// What was said to the model, asked and answered, in the generation whose question contains `text`.
export async function generated(text) {
  const read = async () => (await reader.api.getGenerations({ first: 50 })).data;
  const isIt = (one) => JSON.stringify(one.messages).includes(text);
  const found = await eventually(read, (list) => list.some(isIt));
  const { provider, model, messageCompletion } = found.find(isIt);
  return [provider, model, typeof messageCompletion.content];
}

// Ask a route handler of the kind that web frameworks call, and read its stream to the end.
export async function answerOf(post) {
  const messages = [{ role: 'user', content: 'Say hello to the stream' }];
  const body = JSON.stringify({ messages });
  return (await post(new Request('http://localhost/', { method: 'POST', body }))).text();
}

export { eventually };
