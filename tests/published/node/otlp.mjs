// OpenTelemetry from TypeScript: GenAI spans over OTLP/HTTP, as JSON and as protobuf, and the spans of the AI SDK's own
// telemetry, become generations like everyone else's (journey J7).
import assert from 'node:assert/strict';
import { createOpenAI } from '@ai-sdk/openai';
import { LiteralClient } from '@literalai/client';
import { context, SpanKind, SpanStatusCode, trace } from '@opentelemetry/api';
import { OTLPTraceExporter as JsonExporter } from '@opentelemetry/exporter-trace-otlp-http';
import { OTLPTraceExporter as ProtobufExporter } from '@opentelemetry/exporter-trace-otlp-proto';
import { BatchSpanProcessor, TracerProvider } from '@opentelemetry/sdk-trace';
import { generateText } from 'ai';
import { eventually, fresh, run } from './checks.mjs';

const client = new LiteralClient();
const EXPORTERS = { JSON: JsonExporter, protobuf: ProtobufExporter };
const TO = { url: `${process.env.LITERAL_API_URL}/v1/traces`, headers: { 'x-api-key': process.env.LITERAL_API_KEY } };

function tracing(Exporter, options = TO) {
  const provider = new TracerProvider({ spanProcessors: [new BatchSpanProcessor({ exporter: new Exporter(options) })] });
  return [provider, provider.getTracer('an.application')];
}

async function generationsOf(model) {
  const filters = [{ field: 'model', operator: 'eq', value: model }];
  return eventually(async () => (await client.api.getGenerations({ filters })).data, (found) => found.length);
}

const part = (content) => [{ type: 'text', content }];

function spanOfACall(tracer, model, parent) {
  const input = [{ role: 'user', parts: part('hi') }];
  const output = [{ role: 'assistant', parts: part('hello'), finish_reason: 'stop' }];
  const attributes = {
    'gen_ai.operation.name': 'chat', 'gen_ai.provider.name': 'openai', 'gen_ai.request.model': model,
    'gen_ai.request.temperature': 0.5, 'gen_ai.usage.input_tokens': 11, 'gen_ai.usage.output_tokens': 7,
    'gen_ai.input.messages': JSON.stringify(input), 'gen_ai.output.messages': JSON.stringify(output)
  };
  return tracer.startSpan(`chat ${model}`, { kind: SpanKind.CLIENT, attributes }, parent);
}

export async function checkCallsBecomeGenerations() {
  for (const [form, Exporter] of Object.entries(EXPORTERS)) {
    const [provider, tracer] = tracing(Exporter);
    const model = fresh(`model ${form}`);
    spanOfACall(tracer, model, context.active()).end();
    await provider.shutdown();
    const [found] = await generationsOf(model);
    assert.deepEqual([found.type, found.provider, found.tokenCount], ['CHAT', 'openai', 18]);
    assert.equal(found.messages[0].content, 'hi');
    assert.equal(found.messageCompletion.content, 'hello');
    assert.equal(found.settings.temperature, 0.5);
  }
}

export async function checkTheTreeIsKept() {
  const [provider, tracer] = tracing(ProtobufExporter);
  const model = fresh('model');
  const agent = tracer.startSpan('invoke_agent helper', { attributes: { 'gen_ai.operation.name': 'invoke_agent' } });
  const call = spanOfACall(tracer, model, trace.setSpan(context.active(), agent));
  call.setStatus({ code: SpanStatusCode.ERROR, message: 'too long' });
  call.end();
  agent.end();
  await provider.shutdown();
  const [found] = await generationsOf(model);
  const step = await client.api.getStep(found.id);
  assert.match(step.error, /too long/);
  const parent = await client.api.getStep(step.parentId);
  assert.equal(parent.type, 'run');
}

export async function checkTheAddressAndTheKeyFromTheEnvironment() {
  process.env.OTEL_EXPORTER_OTLP_ENDPOINT = process.env.LITERAL_API_URL;
  process.env.OTEL_EXPORTER_OTLP_HEADERS = `x-api-key=${process.env.LITERAL_API_KEY}`;
  const [provider, tracer] = tracing(ProtobufExporter, {});
  const model = fresh('model');
  spanOfACall(tracer, model, context.active()).end();
  await provider.shutdown();
  assert.equal((await generationsOf(model)).length, 1);
}

export async function checkTheTelemetryOfTheAiSdk() {
  const [provider, tracer] = tracing(JsonExporter);
  const openai = createOpenAI({ baseURL: process.env.OPENAI_BASE_URL });
  await generateText({
    model: openai('gpt-4o-telemetry'), prompt: 'Say hello', experimental_telemetry: { isEnabled: true, tracer }
  });
  await provider.shutdown();
  // The answer names the model that replied; of the older names of the SDK only the official ones are read.
  const [found] = await generationsOf('gpt-4o-telemetry-2025-01-01');
  assert.deepEqual([found.type, found.tokenCount, found.inputTokenCount], ['CHAT', 18, 11]);
  assert.equal(found.settings.model, 'gpt-4o-telemetry');
}

await run({
  checkCallsBecomeGenerations, checkTheTreeIsKept, checkTheAddressAndTheKeyFromTheEnvironment,
  checkTheTelemetryOfTheAiSdk
});
