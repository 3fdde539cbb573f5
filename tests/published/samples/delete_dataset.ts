await literalAiClient.api.deleteDataset("dataset_id")
