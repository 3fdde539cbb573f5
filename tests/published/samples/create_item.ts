const datasetItem = await literalAiClient.api.createDatasetItem("dataset_id", {
 input: { content: "What is Literal AI?" },
 expectedOutput: { content: "Literal AI is an observability solution." },
});
# Or directly through a Dataset
const datasetItem = await dataset.createDatasetItem("dataset_id", {
 input: { content: "What is Literal AI?" },
 expectedOutput: { content: "Literal AI is an observability solution." },
});
