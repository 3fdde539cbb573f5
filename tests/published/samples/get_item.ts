const datasetItem = await literalAiClient.api.getDatasetItem("dataset_item_id");
