import { LiteralClient } from '@literalai/client';
const client = new LiteralClient();
// Wrapped functions can be defined anywhere
// When they run, they will inherit the current thread and step from the context
const retrieve = async (_query: string) =>
 client.step({ name: 'Retrieve', type: 'retrieval' }).wrap(async () => {
  // Fetch data from the vector database ...
  return [
   { score: 0.8, text: 'France is a country in Europe' },
   { score: 0.7, text: 'Paris is the capital of France' }
  ]
 });
const completion = async (_query: string, _augmentations: string[]) =>
 client.step({ name: 'Completion', type: 'llm' }).wrap(async () => {
  // Fetch completions from the language model ...
  return { content: 'Paris is a city in Europe' };
 });
 // The output of wrapped functions will always bubble up the wrapper chain
 const result = await client
  .thread({ name: 'Test Wrappers Thread' })
  .wrap(async () => {
   return client.run({ name: 'Test Wrappers Run' }).wrap(async () => {
    const results = await retrieve(query);
    const augmentations = results.map((result) => result.text);
    const completionText = await completion(query, augmentations);
    return completionText.content;
   });
  });
 return result;
