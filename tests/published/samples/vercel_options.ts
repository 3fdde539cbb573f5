import { v4 as uuidv4 } from 'uuid';
const literalaiStepId = uuidv4();
const generateText = literalAiClient.instrumentation.vercel.generateText;
const { text } = await generateText({
 model: openai('gpt-4o-mini'),
 prompt: question,
 literalaiStepId,
 literalaiTags: ['tag1', 'tag2'],
 literalaiMetadata: { otherKey: 'otherValue' }
});
