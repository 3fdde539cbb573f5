const thread = await client.api.getThread(threadId);
await thread.wrap(async () => {
 await client.step({ name: 'New step', type: 'assistant_message' }).send();
});
