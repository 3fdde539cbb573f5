// Spans of the Vercel AI SDK: release 6 with its telemetry, release 7 with @ai-sdk/otel and with the older form that it
// can still write. A case is `<form>_<name>`.
import { context, trace } from '@opentelemetry/api';
import { AsyncLocalStorageContextManager } from '@opentelemetry/context-async-hooks';
import { OTLPTraceExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { SimpleSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { z } from 'zod';

const WHOSE = { sessionId: 'thread-1', userId: 'user-1' };
const FUNCTION = { isEnabled: true, functionId: 'answer-questions' };
const FORMS = {
  v6: async () => [await import('ai'), await import('@ai-sdk/openai'), {
    experimental_telemetry: {
      ...FUNCTION,
      metadata: {
        ...WHOSE, tags: ['blue', 'green'], tenant: 'acme', literalaiTags: ['own'], literalaiMetadata: '{"plan":"pro"}',
        literalaiStepId: 'step-1'
      }
    }
  }],
  v7: async () => {
    const [ai, otel] = [await import('ai-7'), await import('@ai-sdk/otel')];
    ai.registerTelemetry(new otel.OpenTelemetry({ embedding: true, reranking: true, runtimeContext: true }));
    const included = { sessionId: true, userId: true, tags: true };
    return [ai, await import('@ai-sdk/openai-7'), {
      telemetry: { ...FUNCTION, includeRuntimeContext: included }, runtimeContext: { ...WHOSE, tags: ['blue'], secret: 1 }
    }];
  },
  v7legacy: async () => {
    const [ai, otel] = [await import('ai-7'), await import('@ai-sdk/otel')];
    ai.registerTelemetry(new otel.LegacyOpenTelemetry());
    return [ai, await import('@ai-sdk/openai-7'), { telemetry: FUNCTION }];
  }
};
const PLACE = z.object({ city: z.string(), country: z.string() });
const PIXEL =
  'data:image/png;base64,iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const CASES = {
  chat: ({ ai, model, telemetry }) => ai.generateText({
    model: model('gpt-4o'), system: 'Be kind.', prompt: 'Hi', temperature: 0.2, maxOutputTokens: 50, topP: 0.9,
    stopSequences: ['END'], ...telemetry
  }),
  image: ({ ai, model, telemetry }) => ai.generateText({
    model: model('gpt-4o'), ...telemetry,
    messages: [{ role: 'user', content: [{ type: 'text', text: 'What is it?' }, { type: 'image', image: PIXEL }] }]
  }),
  tools: ({ ai, model, telemetry }) => ai.generateText({
    model: model('agent'), prompt: 'How warm is Paris?', stopWhen: ai.stepCountIs(3), ...telemetry,
    tools: {
      get_weather: ai.tool({
        description: 'The weather of a city.', inputSchema: z.object({ city: z.string() }),
        execute: async ({ city }) => ({ city, degrees: 21 })
      })
    }
  }),
  responses: ({ ai, openai, telemetry }) =>
    ai.generateText({ model: openai.responses('gpt-4o'), prompt: 'Hi', ...telemetry }),
  stream: async ({ ai, model, telemetry }) => {
    for await (const _ of ai.streamText({ model: model('gpt-4o'), prompt: 'Hi', ...telemetry }).textStream);
  },
  error: async ({ ai, model, telemetry }) => {
    await ai.generateText({ model: model('error-400'), prompt: 'Hi', maxRetries: 0, ...telemetry }).catch(() => {});
  },
  object: ({ ai, model, telemetry }) =>
    ai.generateObject({ model: model('structured'), prompt: 'The capital of France', schema: PLACE, ...telemetry }),
  stream_object: async ({ ai, model, telemetry }) => {
    const answer = ai.streamObject({ model: model('structured'), prompt: 'The capital', schema: PLACE, ...telemetry });
    for await (const _ of answer.partialObjectStream);
  },
  embed: ({ ai, openai, telemetry }) =>
    ai.embed({ model: openai.embeddingModel('text-embedding-3-small'), value: 'sunny day', ...telemetry }),
  embed_many: ({ ai, openai, telemetry }) => ai.embedMany({
    model: openai.embeddingModel('text-embedding-3-small'), values: ['sunny day', 'rainy night'], ...telemetry
  }),
  rerank: async ({ ai, form, telemetry }) => {
    const test = form === 'v6' ? await import('ai/test') : await import('ai-7/test');
    const Model = test.MockRerankingModelV4 ?? test.MockRerankingModelV3;
    const ranking = [{ index: 1, relevanceScore: 0.9 }, { index: 0, relevanceScore: 0.2 }];
    const model = new Model({ provider: 'cohere.reranking', modelId: 'rerank-v3.5', doRerank: async () => ({ ranking }) });
    await ai.rerank({ model, documents: ['sunny day', 'rainy night'], query: 'rain', topN: 2, ...telemetry });
  }
};
const OF_FORMS = { v6: Object.keys(CASES), v7: Object.keys(CASES), v7legacy: ['chat', 'tools', 'stream'] };

const asked = process.argv[2];
if (!asked) {
  console.log(Object.entries(OF_FORMS).flatMap(([form, cases]) => cases.map((name) => `${form}_${name}`)).join('\n'));
} else {
  const form = Object.keys(FORMS).find((each) => asked.startsWith(`${each}_`));
  const provider = new TracerProvider({ spanProcessors: [new SimpleSpanProcessor({ exporter: new OTLPTraceExporter() })] });
  trace.setGlobalTracerProvider(provider);
  context.setGlobalContextManager(new AsyncLocalStorageContextManager().enable());
  const [ai, sdk, telemetry] = await FORMS[form]();
  const openai = sdk.createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
  await CASES[asked.slice(form.length + 1)]({ ai, openai, form, telemetry, model: (name) => openai.chat(name) });
  await provider.shutdown();
}
