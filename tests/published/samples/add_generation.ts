const datasetItem = await literalAiClient.api.addGeneationToDataset("dataset_id", "generation_id");
# Or directly through a Dataset
const datasetItem = await dataset.addGeneration("generation_id");
