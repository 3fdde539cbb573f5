import { type QueryKey, useMutation, useQueryClient } from "@tanstack/react-query";
import { say, sayError } from "../parts/toasts";

interface Options<I, O> {
  /** Keys of the queries that are asked again. */
  renews: readonly QueryKey[];
  /** What is said when it is done. */
  said?: (answer: O, input: I) => string;
  /** Where a failure is shown: beside the form that asked for it, or as a sentence at the edge of the page. */
  problem?: "inline" | "toast";
}

/** A change on the server; what it touched is read again before it counts as done. */
export function useChange<I = void, O = unknown>(perform: (input: I) => Promise<O>, options: Options<I, O>) {
  const { renews, said, problem = "toast" } = options;
  const client = useQueryClient();
  return useMutation({
    mutationFn: perform,
    onSuccess: async (answer: O, input: I) => {
      await Promise.all(renews.map((queryKey) => client.invalidateQueries({ queryKey })));
      if (said !== undefined) say(said(answer, input));
    },
    onError: (error) => {
      if (problem === "toast") sayError(error);
    },
  });
}
