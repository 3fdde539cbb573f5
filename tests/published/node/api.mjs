// `@literalai/client` 0.1.5: every method of `client.api`, read back through the API.
import assert from 'node:assert/strict';
import { createReadStream, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { Attachment, ChatGeneration, CompletionGeneration, LiteralClient, Score } from '@literalai/client';
import { eventually, fresh, refused, run } from './checks.mjs';

const client = new LiteralClient({ apiKey: process.env.LITERAL_API_KEY, apiUrl: `${process.env.LITERAL_API_URL}/` });
const called = new Set();
const api = new Proxy(client.api, {
  get(target, name) {
    called.add(name);
    const value = target[name];
    return typeof value === 'function' ? value.bind(target) : value;
  }
});

const CHAT = {
  provider: 'openai',
  messages: [{ role: 'user', content: 'hi' }],
  messageCompletion: { role: 'assistant', content: 'hello' }
};
const TEMPLATE = [
  { role: 'system', content: 'You speak of {{topic}}.' },
  { role: 'user', content: '{{#items}}* {{.}}\n{{/items}}' }
];
const SETTINGS = { provider: 'openai', model: 'gpt-4o', temperature: 0.5 };
const equals = (field, value) => [{ field, operator: 'eq', value }];
const oneOf = (field, ...value) => [{ field, operator: 'in', value }];

async function storedStep(data) {
  const step = client.step({ name: 'stored', type: 'run', ...data });
  await api.sendSteps([step]);
  return step.id;
}

// T-API-01 T-SDK-01
export async function checkProjectId() {
  assert.equal(typeof (await api.getProjectId()), 'string');
  const staging = new LiteralClient({ environment: 'staging', release: '1.2.3' });
  const id = randomUUID();
  await staging.step({ id, name: 's', type: 'run' }).send();
  assert.equal((await api.getStep(id)).environment, 'staging');
}

export async function checkAWrongKeyIsRefused() {
  const wrong = new LiteralClient({ apiKey: 'wrong' });
  await refused('Invalid API key', () => wrong.api.getUser('somebody'));
}

// T-API-02
export async function checkSteps() {
  const thread = await client.thread({ name: fresh('thread') }).upsert();
  const ids = [randomUUID(), randomUUID()];
  await api.sendSteps([
    client.step({ id: ids[0], name: 'first', type: 'run', threadId: thread.id, input: { a: 1 }, tags: ['t'] }),
    client.step({ id: ids[1], name: 'second', type: 'tool', threadId: thread.id, parentId: ids[0], error: { m: 1 } })
  ]);
  const first = await api.getStep(ids[0]);
  assert.deepEqual([first.name, first.type, first.input, first.tags], ['first', 'run', { a: 1 }, ['t']]);
  assert.equal((await api.getStep(ids[1])).parentId, ids[0]);
  const found = await api.getSteps({
    first: 10, filters: equals('threadId', thread.id), orderBy: { column: 'createdAt', direction: 'ASC' }
  });
  assert.deepEqual(found.data.map((step) => step.id), ids);
  assert.equal(await api.getStep(randomUUID()), null);
  assert.equal(await api.deleteStep(ids[1]), ids[1]);
  assert.equal(await api.getStep(ids[1]), null);
}

// T-API-03
export async function checkUploads() {
  const folder = mkdtempSync(join(tmpdir(), 'published-'));
  const path = join(folder, 'note.txt');
  writeFileSync(path, 'a note: ä');
  const threadId = randomUUID();
  for (const [form, wanted] of [[{ content: Buffer.from('abc'), mime: 'text/plain', threadId }, 'abc'], [{ path }, 'a note: ä']]) {
    const { objectKey, url } = await api.uploadFile(form);
    assert.equal(typeof objectKey, 'string');
    assert.equal(await (await fetch(url)).text(), wanted);
  }
  await assert.rejects(() => api.uploadFile({}), /content or path/);
}

// T-SDK-10
export async function checkAttachmentsInAllForms() {
  const folder = mkdtempSync(join(tmpdir(), 'published-'));
  const path = join(folder, 'some.pdf');
  writeFileSync(path, 'abc');
  const forms = {
    buffer: () => Buffer.from('abc'),
    blob: () => new Blob(['abc']),
    file: () => new File(['abc'], 'some.pdf'),
    arrayBuffer: () => new TextEncoder().encode('abc').buffer,
    readStream: () => createReadStream(path)
  };
  for (const [name, content] of Object.entries(forms)) {
    const made = await api.createAttachment({ content: content(), name, mime: 'application/pdf', metadata: { m: 1 } });
    assert.ok(made.objectKey, name);
    const stepId = await storedStep({ attachments: [made] });
    const [read] = (await api.getStep(stepId)).attachments;
    assert.deepEqual([read.name, read.mime, read.metadata, read.objectKey], [name, 'application/pdf', { m: 1 }, made.objectKey]);
    assert.equal(await (await fetch(read.url)).text(), 'abc', name);
    // The client's own tests compare the two addresses up to the date that they were signed at.
    assert.equal(read.url.split('X-Amz-Date')[0], made.url.split('X-Amz-Date')[0]);
  }
  const fromPath = await api.createAttachment({ path, name: 'by path', mime: 'application/pdf' });
  assert.equal(await (await fetch(fromPath.url)).text(), 'abc');
  const asBefore = new Attachment({ name: 'old way', ...(await api.uploadFile({ path })) });
  assert.equal((await api.getStep(await storedStep({ attachments: [asBefore] }))).attachments[0].name, 'old way');
}

// T-SDK-10
export async function checkAnAttachmentInAContext() {
  let stepId;
  await client.thread({ name: 'with a file' }).wrap(async () =>
    client.step({ name: 'reads', type: 'tool' }).wrap(async (step) => {
      stepId = step.id;
      await api.createAttachment({ content: Buffer.from('abc'), name: 'note', mime: 'text/plain' });
    })
  );
  const step = await eventually(() => api.getStep(stepId), (stored) => stored);
  assert.deepEqual(step.attachments.map((one) => one.name), ['note']);
}

// T-API-04
export async function checkGenerations() {
  const model = fresh('model');
  const made = await api.createGeneration(
    new ChatGeneration({ ...CHAT, id: randomUUID(), model, tokenCount: 3, tags: ['g'], metadata: { m: 1 } })
  );
  await api.createGeneration(new CompletionGeneration({ model, prompt: 'Once', completion: ' upon' }));
  await api.createGeneration({ model, prompt: 'no type', completion: '' });
  const found = await api.getGenerations({
    first: 10, filters: equals('model', model), orderBy: { column: 'createdAt', direction: 'ASC' }
  });
  assert.deepEqual(found.data.map((one) => one.type), ['CHAT', 'COMPLETION', 'COMPLETION']);
  const [chat, completion] = found.data;
  assert.deepEqual([chat.id, chat.tokenCount, chat.tags], [made.id, 3, ['g']]);
  assert.equal(chat.messageCompletion.content, 'hello');
  assert.deepEqual([completion.prompt, completion.completion], ['Once', ' upon']);
  assert.deepEqual((await api.getStep(made.id)).metadata, { m: 1 });
}

// T-API-05
export async function checkThreads() {
  const id = randomUUID();
  const tag = fresh('tag');
  const made = await api.upsertThread({ threadId: id, name: 'n', metadata: { a: 1 }, participantId: fresh('user'), tags: [tag] });
  assert.deepEqual([made.id, made.name, made.metadata, made.tags], [id, 'n', { a: 1 }, [tag]]);
  const positional = randomUUID();
  await api.upsertThread(positional, 'p', { b: 2 }, undefined, [tag]);
  await storedStep({ threadId: id, type: 'tool', name: 'a tool' });
  await storedStep({ threadId: id, type: 'run', name: 'a run' });
  const order = { column: 'createdAt', direction: 'ASC' };
  const page = await api.getThreads({ first: 1, filters: oneOf('tags', tag), orderBy: order });
  assert.equal(page.pageInfo.hasNextPage, true);
  const next = await api.getThreads({ first: 1, after: page.pageInfo.endCursor, filters: oneOf('tags', tag), orderBy: order });
  assert.deepEqual([page.data[0].id, next.data[0].id], [id, positional]);
  const kept = await api.getThreads({ filters: equals('id', id), stepTypesToKeep: ['tool'] });
  assert.deepEqual(kept.data[0].steps.map((step) => step.name), ['a tool']);
  assert.equal((await api.getThread(id)).steps.length, 2);
  assert.equal(await api.deleteThread(id), id);
  assert.equal(await api.getThread(id), null);
}

// T-API-06
export async function checkUsers() {
  const identifier = fresh('user');
  const user = await api.createUser(identifier, { plan: 'free' });
  assert.deepEqual([user.identifier, user.metadata], [identifier, { plan: 'free' }]);
  await api.updateUser(user.id, identifier, { plan: 'pro' });
  assert.deepEqual((await api.getUser(identifier)).metadata, { plan: 'pro' });
  assert.equal(await api.getOrCreateUser(identifier, { plan: 'max' }), user.id);
  assert.deepEqual((await api.getUser(identifier)).metadata, { plan: 'max' });
  assert.equal(typeof (await api.getOrCreateUser(fresh('user'))), 'string');
  const found = await api.getUsers({ first: 5, filters: oneOf('identifier', identifier) });
  assert.deepEqual(found.data.map((one) => one.id), [user.id]);
  assert.equal(await api.deleteUser(user.id), user.id);
  assert.equal(await api.getUser(identifier), undefined);
}

// T-API-07
export async function checkScores() {
  const stepId = await storedStep({});
  const tag = fresh('tag');
  const score = await api.createScore({ name: 'q', type: 'HUMAN', value: 0.5, stepId, comment: 'so so', tags: [tag], scorer: 'me' });
  assert.deepEqual([score.name, score.value, score.comment, score.scorer], ['q', 0.5, 'so so', 'me']);
  assert.equal((await api.updateScore(score.id, { value: 1 })).comment, 'so so');
  const many = await api.createScores([
    new Score({ name: 'a', type: 'AI', value: 0, stepId, tags: [tag] }),
    new Score({ name: 'b', type: 'CODE', value: 2.5, stepId, tags: [tag] })
  ]);
  assert.deepEqual(many.map((one) => one.name), ['a', 'b']);
  const generation = await api.createGeneration(new ChatGeneration({ ...CHAT, id: randomUUID() }));
  const onGeneration = await api.createScore({ name: 'g', type: 'AI', value: 1, generationId: generation.id });
  assert.ok(onGeneration.id);
  const found = await api.getScores({
    first: 10, filters: oneOf('tags', tag), orderBy: { column: 'createdAt', direction: 'ASC' }
  });
  assert.deepEqual(found.data.map((one) => [one.name, one.value]), [['q', 1], ['a', 0], ['b', 2.5]]);
  await api.deleteScore(score.id);
  assert.deepEqual((await api.getStep(stepId)).scores.map((one) => one.name).sort(), ['a', 'b']);
  assert.deepEqual(await api.createScores([]), []);
}

// T-API-08
export async function checkAllDatasetsAreListed() {
  const prefix = fresh('many');
  const names = Array.from({ length: 150 }, (_, index) => `${prefix} ${index}`);
  for (let start = 0; start < names.length; start += 25) {
    await Promise.all(names.slice(start, start + 25).map((name) => api.createDataset({ name })));
  }
  const listed = (await api.getDatasets()).map((one) => one.name).filter((name) => name.startsWith(prefix));
  assert.deepEqual(listed.sort(), names.sort());
}

// T-API-09 T-API-14
export async function checkDatasets() {
  const name = fresh('dataset');
  const made = await api.createDataset({ name, description: 'd', metadata: { isDemo: true } });
  assert.deepEqual([made.name, made.description, made.metadata, made.type], [name, 'd', { isDemo: true }, 'key_value']);
  assert.ok(!Number.isNaN(Date.parse(made.createdAt)));
  assert.equal((await api.getDataset({ id: made.id })).name, name);
  assert.deepEqual((await api.getDataset({ name })).items, []);
  const updated = await api.updateDataset(made.id, { description: 'new' });
  assert.deepEqual([updated.name, updated.description], [name, 'new']);
  await made.update({ name: `${name} renamed` });
  assert.equal((await api.getDataset({ id: made.id })).name, `${name} renamed`);
  assert.equal((await api.deleteDataset(made.id)).id, made.id);
  assert.equal(await api.getDataset({ id: made.id }), null);
}

// T-API-10 T-API-15
export async function checkDatasetItems() {
  const dataset = await api.createDataset({ name: fresh('dataset') });
  const made = await api.createDatasetItem(dataset.id, { input: { q: 1 }, expectedOutput: { a: 2 }, metadata: { m: 3 } });
  const read = await api.getDatasetItem(made.id);
  assert.deepEqual(
    [read.datasetId, read.input, read.expectedOutput, read.metadata, read.intermediarySteps],
    [dataset.id, { q: 1 }, { a: 2 }, { m: 3 }, []]
  );
  assert.ok(!Number.isNaN(Date.parse(read.createdAt)));
  const second = await dataset.createItem({ input: { q: 2 } });
  assert.equal((await api.deleteDatasetItem(made.id)).id, made.id);
  assert.deepEqual((await api.getDataset({ id: dataset.id })).items.map((one) => one.id), [second.id]);
  await dataset.deleteItem(second.id);
  await dataset.delete();
}

// T-API-11
export async function checkDatasetsFromWhatWasLogged() {
  const runId = await storedStep({ input: { content: 'q' }, output: { content: 'a' } });
  await storedStep({ parentId: runId, type: 'tool', name: 'inner', input: { x: 1 }, output: { y: 2 } });
  const dataset = await api.createDataset({ name: fresh('dataset') });
  const item = await api.addStepToDataset(dataset.id, runId, { m: 1 });
  assert.deepEqual([item.input, item.expectedOutput], [{ content: 'q' }, { content: 'a' }]);
  assert.deepEqual(item.intermediarySteps.map((step) => [step.name, step.output]), [['inner', { y: 2 }]]);
  assert.equal((await dataset.addStep(runId)).datasetId, dataset.id);
  const generations = await api.createDataset({ name: fresh('dataset'), type: 'generation' });
  const ids = [];
  for (let index = 0; index < 4; index++) {
    ids.push((await api.createGeneration(new ChatGeneration({ ...CHAT, id: randomUUID() }))).id);
  }
  const added = await api.addGenerationToDataset(generations.id, ids[0]);
  assert.equal(added.input.messages[0].content, 'hi');
  assert.equal(added.metadata.promptType, 'CHAT');
  assert.equal((await api.addGenerationsToDataset(generations.id, ids.slice(1))).length, 3);
  assert.equal((await generations.addGeneration(ids[0])).datasetId, generations.id);
  assert.equal((await api.getDataset({ id: generations.id })).items.length, 5);
}

// T-API-12
export async function checkExperiments() {
  const dataset = await api.createDataset({ name: fresh('dataset') });
  const item = await dataset.createItem({ input: { q: 1 } });
  const made = await api.createExperiment({ name: 'e', datasetId: dataset.id, params: [{ temperature: 0 }] });
  assert.ok(made.id);
  const logged = await api.createExperimentItem({
    datasetExperimentId: made.id, datasetItemId: item.id, experimentRunId: randomUUID(), input: { q: 1 }, output: { a: 2 },
    scores: [{ name: 's', type: 'AI', value: 0.6 }]
  });
  assert.deepEqual([logged.input, logged.output], [{ q: 1 }, { a: 2 }]);
  const scores = await api.getScores({ filters: [{ field: 'name', operator: 'eq', value: 's' }] });
  assert.ok(scores.data.some((score) => score.datasetExperimentItemId === logged.id));
  const ofDataset = await dataset.createExperiment({ name: 'f', params: { p: 1 } });
  const { experimentRunId } = await client.experimentItemRun({}).wrap(async () => {
    await client.step({ name: 'inner', type: 'tool' }).send();
    return ofDataset.log({ datasetItemId: item.id, input: { q: 1 }, output: { a: 3 }, scores: [] });
  });
  const logRun = await eventually(() => api.getStep(experimentRunId), (step) => step);
  assert.deepEqual([logRun.name, logRun.type, logRun.environment], ['Experiment Run', 'run', 'experiment']);
}

// T-API-13 T-API-16 T-API-17
export async function checkPrompts() {
  const name = fresh('prompt');
  const lineage = await api.createPromptLineage(name, 'what it is for');
  assert.equal((await api.getPromptLineageByName(name)).id, lineage.id);
  const first = await api.getOrCreatePrompt(name, TEMPLATE, SETTINGS);
  assert.equal((await api.getOrCreatePrompt(name, TEMPLATE, SETTINGS)).id, first.id);
  assert.equal((await api.createPrompt(name, TEMPLATE, SETTINGS)).id, first.id);
  const second = await api.getOrCreatePrompt(name, TEMPLATE.slice(0, 1), SETTINGS, [
    { type: 'function', function: { name: 'f' } }
  ]);
  const read = await api.getPromptById(second.id);
  assert.deepEqual([read.version, read.name, read.provider], [1, name, 'openai']);
  assert.equal((await api.getPrompt(name, 1)).id, second.id);
  assert.equal((await api.getPrompt(name, 0)).id, first.id);
  assert.equal((await api.getPrompt(name)).id, first.id);
  assert.ok((await api.getPromptById(first.id)).url.endsWith('version=0'));
  const [system, user] = (await api.getPrompt(name, 0)).formatMessages({ topic: 'cats', items: ['1', '2'] });
  assert.deepEqual([system.content, user.content], ['You speak of cats.', '* 1\n* 2\n']);
  assert.equal(await api.getPromptById(randomUUID()), undefined);
}

// T-API-13
export async function checkPromptRolloutsAndVariants() {
  const name = fresh('prompt');
  await api.getOrCreatePrompt(name, TEMPLATE);
  await api.getOrCreatePrompt(name, TEMPLATE.slice(0, 1));
  assert.deepEqual(await api.getPromptAbTesting(name), [{ version: 0, rollout: 100 }]);
  await api.updatePromptAbTesting(name, [{ version: 0, rollout: 60 }, { version: 1, rollout: 40 }]);
  const rollouts = await api.getPromptAbTesting(name);
  assert.deepEqual(rollouts.map((one) => one.rollout).sort(), [40, 60]);
  const variant = await api.createPromptVariant(name, TEMPLATE, SETTINGS);
  assert.equal(typeof variant, 'string');
  assert.ok((await api.createExperiment({ name: 'e', promptVariantId: variant })).id);
}

export async function checkEveryMethodWasCalled() {
  const methods = Object.getOwnPropertyNames(Object.getPrototypeOf(client.api));
  const inner = ['constructor', 'headers', 'makeGqlCall', 'makeApiCall', 'getPromptWithQuery'];
  assert.deepEqual(methods.filter((name) => !called.has(name) && !inner.includes(name)), []);
}

await run({
  checkProjectId, checkAWrongKeyIsRefused, checkSteps, checkUploads, checkAttachmentsInAllForms,
  checkAnAttachmentInAContext, checkGenerations, checkThreads, checkUsers, checkScores, checkAllDatasetsAreListed,
  checkDatasets, checkDatasetItems, checkDatasetsFromWhatWasLogged, checkExperiments, checkPrompts,
  checkPromptRolloutsAndVariants, checkEveryMethodWasCalled
});
