// Update the current step with a static object
client.step({ name: 'Completion', type: 'llm' }).wrap(async () => {
 return { content: 'Paris is a city in Europe' };
}, { name: "Updated completion" });
// Update the current step with a callback
client.step({ name: 'Retrieve', type: 'retrieval' }).wrap(async () => {
 return [
  { score: 0.8, text: 'France is a country in Europe' },
  { score: 0.7, text: 'Paris is the capital of France' }
 ]
}, (output) => {
 return {
  metadata: { topScore: output[0].score, topK: output.length}
 }
});
