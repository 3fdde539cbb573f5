// A TypeScript program with the Vercel AI SDK, as its user has it: OpenTelemetry's exporter, pointed at Literal.
import { AsyncLocalStorage } from 'node:async_hooks';
import { createOpenAI } from '@ai-sdk/openai';
import { context, ROOT_CONTEXT } from '@opentelemetry/api';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { generateText, streamText, tool } from 'ai';
import { z } from 'zod';

// What OpenTelemetry's NodeSDK registers for its user: spans know what they are in.
const storage = new AsyncLocalStorage();
context.setGlobalContextManager({
  active: () => storage.getStore() ?? ROOT_CONTEXT,
  with: (chosen, work, self, ...given) => storage.run(chosen, () => work.apply(self, given)),
  bind: (_, target) => target,
  enable() { return this; },
  disable() { return this; }
});

const exporter = new OTLPTraceExporter({
  url: `${process.env.LITERAL_API_URL}/v1/traces`, headers: { 'x-api-key': process.env.LITERAL_API_KEY }
});
const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter })] });
const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL, apiKey: 'test', compatibility: 'strict' });
const metadata = { sessionId: 'trip-1', userId: 'ada', tags: ['travel'], tenant: 'acme', literalaiTags: ['beta'] };
const experimental_telemetry = { isEnabled: true, tracer: provider.getTracer('ai'), functionId: 'plan-trip', metadata };
const get_weather = tool({
  description: 'The weather of a city.', parameters: z.object({ city: z.string() }),
  execute: async ({ city }) => ({ city, degrees: 21 })
});

await generateText({
  model: openai('agent'), system: 'Be kind.', prompt: 'How warm is Paris?', temperature: 0.2, tools: { get_weather },
  maxSteps: 3, experimental_telemetry
});
const { textStream } = streamText({ model: openai('gpt-4o'), prompt: 'And Rome?', experimental_telemetry });
for await (const piece of textStream) process.stdout.write(piece);
await provider.shutdown();
