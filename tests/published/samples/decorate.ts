import { LiteralClient } from '@literalai/client';
import { v4 as uuidv4 } from 'uuid';
const client = new LiteralClient();
const openai = new OpenAI();
client.instrumentation.openai();
const stepId = uuidv4();
const metadata = { key: 'value' };
const tags = ['tag1', 'tag2'];
await client.decorate({ metadata, tags, stepId }).wrap(async () => {
 // This generation will be logged with the provided stepId, metadata and tags
 const completion = await openai.chat.completions.create({
  model: 'gpt-4',
  messages: [{ role: 'user', content: 'Say hello !' }]
 });
 // Because step IDs are unique, this call will revert to the default behaviour of
 // assigning a random UUID to the generation when it is logged.
 const completion = await openai.chat.completions.create({
  model: 'gpt-4',
  messages: [{ role: 'user', content: 'Say hello !' }]
 });
})
