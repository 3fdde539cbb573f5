import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { curlOfCall, pythonLiteral, quoted } from "./copies";
import { providerCall } from "./providerCall";
import type { Generation, Json, JsonObject, WholeStep } from "./types";

function step(generation: Partial<Generation>, metadata: JsonObject = {}): WholeStep {
  const whole = { type: "CHAT", provider: "openai", model: "m", settings: null, messages: [], ...generation };
  return { id: "s", metadata, generation: whole } as unknown as WholeStep;
}

const ASKED: Json = [
  { role: "system", content: "be brief", uuid: "x" },
  { role: "user", content: "it's `me` $HOME" },
  {
    role: "assistant",
    content: "",
    reasoning_content: "hm",
    tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
  },
  { role: "tool", tool_call_id: "1", content: "ok" },
];

describe("the call of a generation", () => {
  test("asks for what was asked for, in the protocol of its provider", () => {
    const call = providerCall(step({ messages: ASKED, settings: { model: "asked", temperature: 0, n: null } }));
    expect(call).toEqual({
      protocol: "openai",
      url: "https://api.openai.com/v1/chat/completions",
      key: "OPENAI_API_KEY",
      body: {
        model: "asked",
        temperature: 0,
        messages: [
          { role: "system", content: "be brief" },
          { role: "user", content: "it's `me` $HOME" },
          {
            role: "assistant",
            content: "",
            tool_calls: [{ id: "1", type: "function", function: { name: "f", arguments: '{"a":1}' } }],
          },
          { role: "tool", content: "ok", tool_call_id: "1" },
        ],
      },
    });
  });

  test("to Anthropic has the system apart, calls and results as parts", () => {
    const call = providerCall(step({ provider: "anthropic", messages: ASKED, settings: { max_tokens: 5 } }));
    expect(call?.url).toBe("https://api.anthropic.com/v1/messages");
    expect(call?.body).toEqual({
      model: "m",
      max_tokens: 5,
      system: "be brief",
      messages: [
        { role: "user", content: "it's `me` $HOME" },
        { role: "assistant", content: [{ type: "tool_use", id: "1", name: "f", input: { a: 1 } }] },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "1", content: "ok" }] },
      ],
    });
  });

  test.each([
    [{ server_address: "llm.example.com" }, "https://llm.example.com/v1/chat/completions"],
    [{ server_address: "localhost", server_port: 8_080 }, "http://localhost:8080/v1/chat/completions"],
    [{ server_address: "x' -o /etc/passwd '", server_port: 1 }, "https://api.openai.com/v1/chat/completions"],
  ])("goes where it went: %o", (metadata, url) => {
    expect(providerCall(step({ messages: ASKED }, metadata))?.url).toBe(url);
  });

  test("is absent where nothing was asked", () => {
    expect(providerCall({ generation: null } as WholeStep)).toBeNull();
    expect(providerCall(step({ messages: null, prompt: null }))).toBeNull();
  });

  test("has no key in it", () => {
    expect(curlOfCall(step({ messages: ASKED }))).toContain('-H "Authorization: Bearer $OPENAI_API_KEY"');
  });

  test("ends its body where the body ends, whatever is said", () => {
    fc.assert(
      fc.property(fc.string(), (said) => {
        const messages = [{ role: "user", content: `${said}\nLITERAL_BODY\n` }];
        const lines = (curlOfCall(step({ messages })) ?? "").split("\n");
        expect(lines.filter((line) => line === "LITERAL_BODY")).toHaveLength(1);
        const from = lines.findIndex((line) => line.includes("--data-binary"));
        const body = JSON.parse(lines.slice(from + 1, -2).join("\n")) as { messages: unknown };
        expect(body.messages).toEqual(messages);
      }),
    );
  });
});

describe("literals", () => {
  test("quote for the shell", () => {
    expect(quoted("it's")).toBe("'it'\\''s'");
  });

  test("are Python's", () => {
    expect(pythonLiteral({ a: null, b: [true, false, 1.5], c: {}, d: "é\n" })).toBe(
      '{\n    "a": None,\n    "b": [\n        True,\n        False,\n        1.5,\n    ],\n    "c": {},\n    "d": "é\\n",\n}',
    );
  });
});
