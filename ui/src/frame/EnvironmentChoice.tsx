import { useQuery } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { request } from "../api/request";
import { Menu } from "../parts/Menu";
import { useProjectId } from "./project";
import { useEnvironment } from "./range";

interface Facets {
  values: { value: string }[];
}

/** The choice of the environment: logs are kept apart by it, and experiments are shown only when they are chosen. */
export function EnvironmentChoice() {
  const project = useProjectId();
  const environment = useEnvironment();
  const navigate = useNavigate();
  const { data } = useQuery({
    queryKey: ["facets", project, "steps", "environment"],
    queryFn: ({ signal }) =>
      request<Facets>("api/logs/steps/facets", { project, query: { field: "environment" }, signal }),
    staleTime: 60_000,
  });
  const choose = (value: string | undefined) =>
    navigate({
      to: ".",
      search: (before: Record<string, unknown>) => ({ ...before, environment: value, after: undefined }),
    } as never);
  const known = data?.values.map(({ value }) => value) ?? [];
  const values = environment === null || known.includes(environment) ? known : [environment, ...known];
  return (
    <Menu label={environment ?? "All environments"} name={`Environment: ${environment ?? "All environments"}`}>
      {(close) => (
        <>
          <button
            type="button"
            className="menu-item"
            onClick={() => {
              choose(undefined);
              close();
            }}
          >
            All environments
          </button>
          {values.map((value) => (
            <button
              type="button"
              key={value}
              className="menu-item"
              aria-current={value === environment}
              onClick={() => {
                choose(value);
                close();
              }}
            >
              {value}
            </button>
          ))}
        </>
      )}
    </Menu>
  );
}
