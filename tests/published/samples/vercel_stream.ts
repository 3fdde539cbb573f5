import { LiteralClient } from '@literalai/client';
import { openai } from '@ai-sdk/openai';
// Here we use the wrapped `streamText` from the Literal AI client. This will allow us to automatically capture
// both the response from the LLM API and the other informations present in the response (latency, token counts, etc...).
const streamText = literalAiClient.instrumentation.vercel.streamText;
export async function POST(req: Request) {
  const { messages } = await req.json();

 // The wrapped version of `streamText` accepts the same parameters as the original function.
 const result = streamText({
  model: openai('gpt-4o'),
  messages,
 });
 return result.toDataStreamResponse();
}
