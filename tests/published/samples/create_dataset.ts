const dataset = await literalAiClient.api.createDataset({
  name: "Foo",
  description: "A dataset to store samples.",
  metadata: { isDemo: true },
});
