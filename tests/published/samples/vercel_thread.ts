const generateText = literalAiClient.instrumentation.vercel.generateText;
export async function POST(req: Request) {
const streamText =
 literalAiClient.instrumentation.vercel.streamText;
export async function POST(req: Request) {
 const { messages } = await req.json();
 const result = await literalAiClient
  .thread({ name: "Example" })
  .wrap(async () => {
   return streamText({
    model: openai("gpt-4o"),
    messages,
   });
  });
 return result.toDataStreamResponse();
}
}
