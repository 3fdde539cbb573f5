import { LiteralClient } from '@literalai/client';
const client = new LiteralClient();
await client
 .step({ name: 'Test Wrappers Thread', type: 'run' })
 .wrap(async () => {
  // You can access the current step using the client
  const thread = client.getCurrentStep();
  // This step will be created with the wrapped step as its parent
  await client.step({ name: 'Test Wrappers Step', type: "assistant_message" }).send();
  const openai = new OpenAI();
  client.instrumentation.openai();
  // This generation will be created with the wrapped step as its parent
  const completion = await openai.chat.completions.create({
    model: 'gpt-4',
    messages: [{ role: 'user', content: 'Say hello !' }]
   });
   return completion.choices[0].message;
 });
