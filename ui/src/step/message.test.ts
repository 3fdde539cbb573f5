import { describe, expect, test } from "vitest";
import { contentOfValue } from "./content";
import { messagesOf } from "./message";
import type { Json } from "./types";

describe("messages", () => {
  test.each<[string, Json, unknown]>([
    ["OpenAI's", [{ role: "user", content: "hi", name: "ada" }], [["user", "ada", ["text:hi"]]]],
    [
      "parts of OpenAI's",
      [
        {
          role: "user",
          content: [
            { type: "text", text: "a" },
            { type: "image_url", image_url: { url: "sha256:ab" } },
          ],
        },
      ],
      [["user", null, ["text:a", "image:sha256:ab"]]],
    ],
    [
      "calls and results",
      [
        { role: "assistant", content: null, tool_calls: [{ id: "1", function: { name: "f", arguments: '{"a":1}' } }] },
        { role: "tool", tool_call_id: "1", content: '[{"b": 2}]' },
      ],
      [
        ["assistant", null, ['call:1:f:{"a":1}']],
        ["tool", null, ['result:1:[{"b":2}]']],
      ],
    ],
    [
      "the conventions' parts",
      [
        {
          role: "assistant",
          parts: [
            { type: "reasoning", content: "hm" },
            { type: "text", content: "so" },
            { type: "tool_call", id: "2", name: "g", arguments: { x: 1 } },
            { type: "tool_call_response", id: "2", response: "done" },
            { type: "uri", uri: "https://x/y.mp3", modality: "audio" },
            { type: "blob", mime_type: "image/png", content: "AAAA" },
          ],
        },
      ],
      [
        [
          "assistant",
          null,
          [
            "reasoning:hm",
            "text:so",
            'call:2:g:{"x":1}',
            'result:2:"done"',
            "audio:https://x/y.mp3",
            "image:data:image/png;base64,AAAA",
          ],
        ],
      ],
    ],
    [
      "LangChain's",
      [
        [
          { type: "human", content: "q" },
          { type: "ai", content: "", tool_calls: [{ id: "3", name: "h", args: {} }] },
          { lc: 1, type: "constructor", id: ["x"], kwargs: { type: "tool", content: "r", tool_call_id: "3" } },
        ],
      ],
      [
        ["user", null, ["text:q"]],
        ["assistant", null, ["call:3:h:{}"]],
        ["tool", null, ['result:3:"r"']],
      ],
    ],
    [
      "Anthropic's",
      [
        {
          role: "assistant",
          content: [
            { type: "thinking", thinking: "t" },
            { type: "tool_use", id: "4", name: "k", input: { y: 2 } },
          ],
        },
        { role: "user", content: [{ type: "tool_result", tool_use_id: "4", content: [{ type: "text", text: "ok" }] }] },
      ],
      [
        ["assistant", null, ["reasoning:t", 'call:4:k:{"y":2}']],
        ["user", null, ['result:4:"ok"']],
      ],
    ],
    ["a refusal", [{ role: "assistant", content: "no", refusal: "no" }], [["assistant", null, ["refusal:no"]]]],
    ["a part of no kind", [{ role: "user", content: [{ z: 1 }] }], [["user", null, ['unknown:{"z":1}']]]],
    ["no content", [{ role: "assistant", content: null }], [["assistant", null, []]]],
  ])("%s", (_, given, expected) => {
    expect(messagesOf(given)?.map(({ role, name, parts }) => [role, name, parts.map(plain)])).toEqual(expected);
  });

  test.each<[string, Json]>([
    ["nothing", null],
    ["an empty list", []],
    ["a list of texts", ["a"]],
    ["objects with a role and no content", [{ role: "admin", name: "x" }]],
    ["a mix", [{ role: "user", content: "a" }, 1]],
    ["a JSON schema", { type: "system", properties: {} }],
  ])("%s is none", (_, given) => {
    expect(messagesOf(given)).toBeNull();
  });
});

describe("content", () => {
  test.each<[string, Json, string]>([
    ["a text", { content: "hi" }, "text"],
    ["messages", { content: [{ role: "user", content: "a" }] }, "messages"],
    ["messages of a chain", { messages: [{ type: "human", content: "a" }], k: 1 }, "messages"],
    ["documents", { content: [{ text: "a", score: 0.5 }] }, "documents"],
    ["LangChain's documents", { documents: [{ page_content: "a" }], query: "q" }, "documents"],
    ["LlamaIndex's nodes", [{ node: { text: "a", metadata: {} }, score: 1 }], "documents"],
    ["an object", { a: 1 }, "json"],
    ["an empty object", {}, "nothing"],
    ["zero", { content: 0 }, "json"],
    ["texts that are no documents", [{ text: "a" }], "json"],
  ])("%s", (_, given, kind) => {
    expect(contentOfValue(given).kind).toBe(kind);
  });
});

function plain(part: NonNullable<ReturnType<typeof messagesOf>>[number]["parts"][number]): string {
  switch (part.kind) {
    case "call":
      return `call:${part.id}:${part.name}:${JSON.stringify(part.arguments)}`;
    case "result":
      return `result:${part.id}:${JSON.stringify(part.value)}`;
    case "media":
      return `${part.media}:${part.source}`;
    case "unknown":
      return `unknown:${JSON.stringify(part.value)}`;
    default:
      return `${part.kind}:${part.text}`;
  }
}
