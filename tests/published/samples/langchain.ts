import { v4 as uuidv4 } from 'uuid';
import { ChatOpenAI } from '@langchain/openai';
const client = new LiteralClient({ apiKey, apiUrl });
const cb = client.instrumentation.langchain.literalCallback();
const model = new ChatOpenAI({});
const literalaiStepId = uuidv4();

await model.invoke('Hello, how are you?', {
 callbacks: [cb],
 metadata: {
  key: 'value',
  // use literalaiStepId in the metadata to specify a Step ID
  literalaiStepId,
 },
 tags: ['tag1', 'tag2'],
});
