// Using the argument
client.step({ name: 'Completion', type: 'llm' }).wrap(async (step) => {
  step.name = "Updated completion";
  return { content: 'Paris is a city in Europe' };
 });
// Using the client helper
client.step({ name: 'Retrieve', type: 'retrieval' }).wrap(async () => {
 client.getCurrentThread().name = 'Updated retrieval';
 return [
  { score: 0.8, text: 'France is a country in Europe' },
  { score: 0.7, text: 'Paris is the capital of France' }
 ]
});
