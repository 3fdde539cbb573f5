await literalAiClient.api.deleteDatasetItem("dataset_item_id");
# Or directly through a Dataset
await dataset.deleteDatasetItem("dataset_item_id");
