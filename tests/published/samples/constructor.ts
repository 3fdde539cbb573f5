client = new LiteralClient({
 apiKey: process.env.LITERAL_API_KEY,
 apiUrl: process.env.LITERAL_API_URL
});
