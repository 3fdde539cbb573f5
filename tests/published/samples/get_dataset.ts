const dataset = await literalAiClient.api.getDataset("dataset_id")
