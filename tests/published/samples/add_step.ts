const datasetItem = await literalAiClient.api.addStepToDataset("dataset_id", "step_id");
# Or directly through a Dataset
const datasetItem = await dataset.addStep("step_id");
