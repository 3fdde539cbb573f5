import { useQuery } from "@tanstack/react-query";
import { Navigate, useParams, useRouterState } from "@tanstack/react-router";
import { request } from "../api/request";
import { Notice } from "../parts/Notice";

/** Addresses without a project, as programs print them: goes to the project that has the thread, run or step. */
export function FindPage() {
  const { id = "" } = useParams({ strict: false });
  const kind =
    useRouterState({ select: (state) => state.location.pathname })
      .split("/")
      .at(-2) ?? "";
  const { data, error } = useQuery({
    queryKey: ["find", kind, id],
    queryFn: ({ signal }) => request<{ project: string }>(`api/find/${kind}/${encodeURIComponent(id)}`, { signal }),
  });
  if (error !== null) {
    return (
      <Notice title="This is not here">
        <p>{error.message}</p>
      </Notice>
    );
  }
  if (data === undefined) return null;
  return <Navigate to={`/p/$project/${kind}/$id` as never} params={{ project: data.project, id } as never} replace />;
}
