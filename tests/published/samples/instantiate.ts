import { LiteralClient } from "@literalai/client";
const literalAiClient = new LiteralClient({apiKey: process.env["LITERAL_API_KEY"]});
