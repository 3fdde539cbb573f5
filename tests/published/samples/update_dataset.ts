const dataset = await literalAiClient.api.updateDataset("dataset_id", {
 name: "Baz",
});
