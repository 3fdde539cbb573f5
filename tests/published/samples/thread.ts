import { LiteralClient } from '@literalai/client';
const client = new LiteralClient();
await client
 .thread({ name: 'Test Wrappers Thread' })
 .wrap(async () => {
  // You can access the current thread using the client
  const thread = client.getCurrentThread();
  // Because we are not currently in a step, the next line would throw if uncommented
  // const step = client.getCurrentStep();
  // This step will be created with the thread as its parent
  await client.step({ name: 'Test Wrappers Step', type: "assistant_message" }).send();
 });
