import { ApiError, request } from "./request";

interface Answer<T> {
  data?: T;
  errors?: { message: string; extensions?: { code?: string } }[];
}

/**
 * The data of a GraphQL operation in `project`.
 *
 * @throws ApiError for the first error of the answer.
 */
export async function graphql<T>(project: string, query: string, variables: Record<string, unknown> = {}): Promise<T> {
  const answer = await request<Answer<T>>("api/graphql", { method: "POST", project, body: { query, variables } });
  const error = answer.errors?.[0];
  if (error !== undefined) throw new ApiError(200, error.extensions?.code ?? "UNKNOWN", error.message);
  return answer.data as T;
}
