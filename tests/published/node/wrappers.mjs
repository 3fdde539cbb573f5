// `@literalai/client` 0.1.5: wrappers, context and instrumentation, read back through the API.
import assert from 'node:assert/strict';
import { randomUUID } from 'node:crypto';
import { createOpenAI } from '@ai-sdk/openai';
import { LiteralClient, User } from '@literalai/client';
import OpenAI from 'openai';
import { eventually, fresh, run } from './checks.mjs';

const client = new LiteralClient();
const steps = async (threadId) => (await client.api.getThread(threadId))?.steps ?? [];
const named = (list, name) => list.find((step) => step.name === name);
const threadOf = (id, count) => eventually(() => steps(id), (found) => found.length >= count);

// T-SDK-02
export async function checkADisabledClientSendsNothing() {
  const off = new LiteralClient({ disabled: true });
  const id = randomUUID();
  await off.thread({ id, name: 'never' }).wrap(async () => off.step({ name: 'never', type: 'run' }).send());
  assert.equal(await client.api.getThread(id), null);
}

// T-SDK-03
export async function checkAThread() {
  const id = randomUUID();
  assert.throws(() => client.getCurrentThread());
  await client.thread({ id, name: 'Test Wrappers Thread', tags: ['t'], metadata: { m: 1 } }).wrap(async () => {
    assert.equal(client.getCurrentThread().id, id);
    assert.throws(() => client.getCurrentStep());
    await client.step({ name: 'inner', type: 'assistant_message' }).send();
  });
  const [inner] = await threadOf(id, 1);
  assert.equal(inner.threadId, id);
  const stored = await eventually(() => client.api.getThread(id), (thread) => thread.name);
  assert.deepEqual([stored.name, stored.tags, stored.metadata], ['Test Wrappers Thread', ['t'], { m: 1 }]);
}

// T-SDK-04 T-SDK-05
export async function checkNestedSteps() {
  const id = randomUUID();
  const answer = await client.thread({ id }).wrap(() =>
    client.run({ name: 'outer' }).wrap(async () => {
      const found = await client.step({ name: 'Retrieve', type: 'retrieval' }).wrap(async () => [{ score: 0.8 }]);
      await client.step({ name: 'Completion', type: 'llm' }).wrap(async () => ({ content: 'Paris' }));
      return `${found.length} found`;
    })
  );
  assert.equal(answer, '1 found');
  const stored = await threadOf(id, 3);
  const outer = named(stored, 'outer');
  assert.deepEqual([outer.type, outer.parentId, outer.output], ['run', null, { output: '1 found' }]);
  for (const name of ['Retrieve', 'Completion']) {
    assert.deepEqual([named(stored, name).parentId, named(stored, name).rootRunId], [outer.id, outer.id]);
  }
  assert.deepEqual(named(stored, 'Completion').output, { content: 'Paris' });
  assert.ok(outer.startTime <= named(stored, 'Retrieve').startTime);
}

export async function checkAStepThatThrows() {
  const id = randomUUID();
  const failing = client.thread({ id }).wrap(() =>
    client.step({ name: 'fails', type: 'tool' }).wrap(async () => {
      throw new Error('no such city');
    })
  );
  await assert.rejects(failing, /no such city/);
  assert.deepEqual(await steps(id), []);
}

// T-SDK-06
export async function checkDecoration() {
  const id = randomUUID();
  const stepId = randomUUID();
  await client.thread({ id }).wrap(() =>
    client.decorate({ metadata: { key: 'value' }, tags: ['tag1'], stepId }).wrap(async () => {
      await client.step({ name: 'first', type: 'llm' }).send();
      await client.step({ name: 'second', type: 'llm' }).send();
    })
  );
  const stored = await threadOf(id, 2);
  assert.equal(named(stored, 'first').id, stepId);
  assert.notEqual(named(stored, 'second').id, stepId);
  for (const step of stored) assert.deepEqual([step.metadata, step.tags], [{ key: 'value' }, ['tag1']]);
}

// T-SDK-07
export async function checkFetchedObjectsAreWrapped() {
  const id = randomUUID();
  let outerId;
  await client.thread({ id, name: 'kept' }).wrap(() =>
    client.run({ name: 'outer' }).wrap(async (step) => {
      outerId = step.id;
    })
  );
  await threadOf(id, 1);
  const thread = await client.api.getThread(id);
  await thread.wrap(() => client.step({ name: 'in the thread', type: 'assistant_message' }).send());
  const outer = await client.api.getStep(outerId);
  await outer.wrap(() => client.step({ name: 'in the step', type: 'tool' }).send());
  const stored = await threadOf(id, 3);
  assert.equal(named(stored, 'in the thread').parentId, null);
  assert.equal(named(stored, 'in the step').parentId, outerId);
  assert.equal((await client.api.getThread(id)).name, 'kept');
}

// T-SDK-08
export async function checkUpdatesThroughTheContextAndTheCallback() {
  const id = randomUUID();
  await client.thread({ id, name: 'before' }).wrap(
    async () => {
      await client.step({ name: 'a', type: 'llm' }).wrap(async (step) => {
        step.name = 'Updated completion';
      });
      await client.step({ name: 'b', type: 'retrieval' }).wrap(async () => [{ score: 0.8 }], (output) => ({
        metadata: { topScore: output[0].score }
      }));
      await client.step({ name: 'c', type: 'tool' }).wrap(async () => ({}), { name: 'fixed' });
      client.getCurrentThread().metadata = { m: 1 };
    },
    { name: 'after' }
  );
  const stored = await threadOf(id, 3);
  assert.deepEqual(stored.map((step) => step.name).sort(), ['Updated completion', 'b', 'fixed']);
  assert.deepEqual(named(stored, 'b').metadata, { topScore: 0.8 });
  const thread = await eventually(() => client.api.getThread(id), (one) => one.name === 'after');
  assert.deepEqual(thread.metadata, { m: 1 });
}

// T-SDK-09
export async function checkWithoutWrappers() {
  const thread = await client.thread({ name: 'Test Thread' }).upsert();
  const parent = await thread.run({ name: 'Tool Run' }).send();
  const inner = await parent.step({ type: 'llm', name: 'whisper-1', input: { a: 1 }, output: { b: 2 } }).send();
  parent.endTime = new Date().toISOString();
  await parent.send();
  const stored = await steps(thread.id);
  assert.equal(stored.length, 2);
  assert.deepEqual([named(stored, 'whisper-1').id, named(stored, 'whisper-1').parentId], [inner.id, parent.id]);
  assert.equal(new Date(named(stored, 'Tool Run').endTime).getTime(), new Date(parent.endTime).getTime());
}

// T-SDK-11
export async function checkInstrumentedOpenAI() {
  const openai = new OpenAI();
  client.instrumentation.openai({ tags: ['global'] });
  const id = randomUUID();
  const stepId = randomUUID();
  await client.thread({ id }).wrap(() =>
    client.run({ name: 'outer' }).wrap(async () => {
      const messages = [{ role: 'user', content: 'Say hello !' }];
      await openai.chat.completions.create(
        { model: 'gpt-4', messages },
        { literalaiTags: ['mine'], literalaiMetadata: { m: 1 } }
      );
      for await (const _ of await openai.chat.completions.create({ model: 'gpt-4o', messages, stream: true }));
      await openai.completions.create({ model: 'gpt-3.5-turbo-instruct', prompt: 'Once' });
    })
  );
  const stored = await threadOf(id, 4);
  const outer = named(stored, 'outer');
  const calls = stored.filter((step) => step.type === 'llm');
  assert.equal(calls.length, 3);
  for (const call of calls) assert.equal(call.parentId, outer.id);
  const tagged = calls.find((call) => call.tags.includes('mine'));
  assert.deepEqual([...tagged.tags].sort(), ['global', 'mine']);
  assert.deepEqual(tagged.metadata, { m: 1 });
  assert.ok(tagged.generation.messageCompletion.content);
  assert.ok(tagged.generation.tokenCount > 0);
  assert.deepEqual(calls.map((call) => call.generation.type).sort(), ['CHAT', 'CHAT', 'COMPLETION']);
  // The id that a caller chose goes on the generation: without a step or thread around, on the step as well.
  await openai.chat.completions.create(
    { model: 'gpt-4', messages: [{ role: 'user', content: 'alone' }] },
    { literalaiStepId: stepId }
  );
  const alone = await eventually(() => client.api.getStep(stepId), (step) => step);
  assert.equal(alone.generation.messages[0].content, 'alone');
}

// I-VER-01 I-VER-02 I-VER-03
export async function checkTheAiSdk() {
  const { generateText, streamText, generateObject, streamObject } = client.instrumentation.vercel;
  const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
  const asked = (model) => ({ model: openai(model), prompt: `Say ${model}` });
  const json = { ...asked('structured'), output: 'no-schema', mode: 'json' };
  const [id, literalaiStepId] = [randomUUID(), randomUUID()];
  const answers = await client.thread({ id }).wrap(() =>
    client.run({ name: 'outer' }).wrap(async () => {
      const { text } = await generateText({
        ...asked('gpt-4o-mini'), literalaiTags: ['mine'], literalaiMetadata: { m: 1 }
      });
      let streamed = '';
      for await (const part of streamText(asked('gpt-4o')).textStream) streamed += part;
      const { object } = await generateObject(json);
      const parts = [];
      for await (const part of streamObject(json).partialObjectStream) parts.push(part);
      return { text, streamed, object, last: parts.at(-1) };
    })
  );
  const stored = await threadOf(id, 5);
  const outer = named(stored, 'outer');
  const calls = stored.filter((step) => step.type === 'llm');
  assert.equal(calls.length, 4);
  for (const { parentId, generation } of calls) {
    assert.equal(parentId, outer.id);
    assert.equal(generation.provider, 'openai.chat');
    assert.ok(generation.duration > 0);
    assert.ok(generation.outputTokenCount > 0);
  }
  const mine = calls.find((call) => call.tags.includes('mine'));
  assert.equal(mine.metadata.m, 1);
  assert.equal(mine.generation.messageCompletion.content, answers.text);
  assert.equal(mine.generation.tokenCount, mine.generation.inputTokenCount + mine.generation.outputTokenCount);
  const streamed = calls.find((call) => call.generation.model === 'gpt-4o').generation;
  assert.equal(streamed.messageCompletion.content, answers.streamed);
  assert.deepEqual(answers.object, answers.last);
  // As with OpenAI: the chosen id is the step's where nothing is around.
  await generateText({ ...asked('alone'), literalaiStepId });
  const alone = await eventually(() => client.api.getStep(literalaiStepId), (step) => step);
  assert.equal(alone.generation.model, 'alone');
}

// I-OAI-14
export async function checkAThreadOfAssistants() {
  const identifier = fresh('willy');
  const { syncer } = client.openai(new OpenAI()).assistant;
  await syncer.syncThread(fresh('thread'), new User({ identifier, metadata: { name: 'W' } }));
  // The client chooses the id of the copy.
  const filters = [{ field: 'participantIdentifiers', operator: 'in', value: [identifier] }];
  const threads = async () => (await client.api.getThreads({ filters })).data;
  const [copy] = await eventually(threads, (found) => found.length === 1);
  const stored = await threadOf(copy.id, 4);
  const told = stored.map((step) => [step.type, step.name]).sort();
  assert.deepEqual(told, [
    ['assistant_message', 'Calculator'], ['run', 'Calculator'], ['tool', 'add'], ['user_message', 'User']
  ]);
  assert.equal(named(stored, 'add').parentId, stored.find((step) => step.type === 'run').id);
  assert.equal((await client.api.getUser(identifier)).metadata.name, 'W');
}

export async function checkAPromptThroughACall() {
  const prompt = await client.api.getOrCreatePrompt(fresh('prompt'), [{ role: 'user', content: 'Say {{word}}' }]);
  const openai = new OpenAI();
  client.instrumentation.openai();
  const id = randomUUID();
  await client.thread({ id }).wrap(() =>
    openai.chat.completions.create({ model: 'gpt-4', messages: prompt.formatMessages({ word: 'hello' }) })
  );
  const [call] = await threadOf(id, 1);
  assert.deepEqual(call.generation.variables, { word: 'hello' });
  assert.equal(call.generation.messages[0].content, 'Say hello');
}

await run({
  checkADisabledClientSendsNothing, checkAThread, checkNestedSteps, checkAStepThatThrows, checkDecoration,
  checkFetchedObjectsAreWrapped, checkUpdatesThroughTheContextAndTheCallback, checkWithoutWrappers,
  checkInstrumentedOpenAI, checkTheAiSdk, checkAThreadOfAssistants, checkAPromptThroughACall
});
