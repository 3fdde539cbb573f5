import { queryOptions, useQuery, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { type Project, sessionQuery, useSession } from "../api/session";
import { Button } from "../parts/Button";
import { CopyButton } from "../parts/Copy";
import { Field } from "../parts/Field";
import { bytes, count, exact } from "../parts/format";
import { TextField } from "../parts/TextField";
import { Confirm } from "./Confirm";
import { useChange } from "./change";
import { membersQuery } from "./members";
import { refusal } from "./rights";

/** The project itself: name, id, what it holds, and how one parts with it. */
export function General({ project }: { project: Project }) {
  return (
    <>
      <Name project={project} />
      <Usage project={project} />
      <Parting project={project} />
    </>
  );
}

function Name({ project }: { project: Project }) {
  const [name, setName] = useState(project.name);
  const rename = useChange(
    () => request(`api/projects/${project.id}`, { method: "PATCH", project: project.id, body: { name: name.trim() } }),
    { renews: [sessionQuery.queryKey], said: () => "Renamed the project", problem: "inline" },
  );
  const refused = refusal(project, "project");
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (refused === undefined) rename.mutate();
  };
  return (
    <>
      <form className="settings-line" onSubmit={submit}>
        <TextField
          label="Name"
          problem={rename.error?.message}
          className="settings-name"
          required
          maxLength={255}
          disabled={refused !== undefined}
          value={name}
          onChange={setName}
        />
        <Button type="submit" refused={refused} disabled={rename.isPending || name.trim() === project.name}>
          Rename
        </Button>
      </form>
      <div className="field">
        <span>Project id</span>
        <span className="settings-secret">
          <code>{project.id}</code>
          <CopyButton text={project.id} what="the project id" />
        </span>
      </div>
    </>
  );
}

type Counted = "threads" | "runs" | "steps" | "generations" | "scores" | "attachments" | "users";
type UsageAnswer = Record<Counted, number> & {
  atLeast: string[];
  fileBytes: number;
  firstAt: string | null;
  lastAt: string | null;
};

const COUNTED: Record<Counted, string> = {
  threads: "Threads",
  runs: "Runs",
  steps: "Steps",
  generations: "Generations",
  scores: "Scores",
  users: "Users",
  attachments: "Attachments",
};

const usageQuery = (project: string) =>
  queryOptions({
    queryKey: ["usage", project],
    queryFn: ({ signal }) => request<UsageAnswer>("api/usage", { project, signal }),
  });

function Usage({ project }: { project: Project }) {
  const { data, error } = useQuery(usageQuery(project.id));
  return (
    <section className="settings-part" aria-labelledby="usage">
      <h2 id="usage">What it holds</h2>
      {error !== null && <p role="alert">{error.message}</p>}
      {data !== undefined && (
        <dl className="settings-facts">
          {(Object.keys(COUNTED) as Counted[]).map((name) => (
            <Fact key={name} name={COUNTED[name]}>
              {data.atLeast.includes(name) ? `more than ${count(data[name])}` : count(data[name])}
            </Fact>
          ))}
          <Fact name="Uploaded files">{bytes(data.fileBytes)}</Fact>
          <Fact name="First step">{data.firstAt === null ? "–" : exact(data.firstAt)}</Fact>
          <Fact name="Last step">{data.lastAt === null ? "–" : exact(data.lastAt)}</Fact>
        </dl>
      )}
    </section>
  );
}

function Fact({ name, children }: { name: string; children: string }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{children}</dd>
    </div>
  );
}

type Deed = "leave" | "transfer" | "delete";

function Parting({ project }: { project: Project }) {
  const [asked, setAsked] = useState<Deed | null>(null);
  const refused = refusal(project, "project");
  const close = () => setAsked(null);
  return (
    <section className="settings-part" aria-labelledby="parting">
      <h2 id="parting">Leave, hand over, delete</h2>
      <div className="settings-actions">
        <Button onClick={() => setAsked("leave")}>Leave …</Button>
        <Button refused={refused} onClick={() => setAsked("transfer")}>
          Hand over …
        </Button>
        <Button look="danger" refused={refused} onClick={() => setAsked("delete")}>
          Delete …
        </Button>
      </div>
      {asked === "leave" && <Leave project={project} onClose={close} />}
      {asked === "transfer" && <HandOver project={project} onClose={close} />}
      {asked === "delete" && <Delete project={project} onClose={close} />}
    </section>
  );
}

interface DeedProps {
  project: Project;
  onClose: () => void;
}

/** To the first project that is left, once this one is no longer one's own. */
function useGone(): () => Promise<void> {
  const client = useQueryClient();
  const navigate = useNavigate();
  return async () => {
    await client.refetchQueries({ queryKey: sessionQuery.queryKey });
    await navigate({ to: "/" });
  };
}

function Leave({ project, onClose }: DeedProps) {
  const gone = useGone();
  const leave = useChange(() => request(`api/projects/${project.id}/leave`, { method: "POST", project: project.id }), {
    renews: [],
    said: () => `You left ${project.name}`,
    problem: "inline",
  });
  return (
    <Confirm
      title={`Leave “${project.name}”?`}
      action="Leave"
      busy={leave.isPending}
      problem={leave.error?.message}
      onConfirm={() => leave.mutate(undefined, { onSuccess: gone })}
      onClose={onClose}
    >
      <p>You see none of it any more until an Admin invites you again.</p>
    </Confirm>
  );
}

function Delete({ project, onClose }: DeedProps) {
  const gone = useGone();
  const remove = useChange(() => request(`api/projects/${project.id}`, { method: "DELETE", project: project.id }), {
    renews: [],
    said: () => `Deleted ${project.name}`,
    problem: "inline",
  });
  return (
    <Confirm
      title="Delete the project?"
      action="Delete for ever"
      typed={project.name}
      busy={remove.isPending}
      problem={remove.error?.message}
      onConfirm={() => remove.mutate(undefined, { onSuccess: gone })}
      onClose={onClose}
    >
      <p>All of its logs, datasets, prompts, keys and files are deleted. Nothing brings them back.</p>
    </Confirm>
  );
}

function HandOver({ project, onClose }: DeedProps) {
  const me = useSession()?.user?.id;
  const [to, setTo] = useState("");
  const { data } = useQuery(membersQuery(project.id));
  const others = data?.members.filter(({ userId }) => userId !== me) ?? [];
  const transfer = useChange(
    () => request(`api/projects/${project.id}/transfer`, { method: "POST", project: project.id, body: { userId: to } }),
    {
      renews: [sessionQuery.queryKey, membersQuery(project.id).queryKey],
      said: () => `Handed ${project.name} over`,
      problem: "inline",
    },
  );
  return (
    <Confirm
      title={`Hand “${project.name}” over`}
      action="Hand over"
      busy={transfer.isPending || to === ""}
      problem={transfer.error?.message}
      onConfirm={() => transfer.mutate(undefined, { onSuccess: onClose })}
      onClose={onClose}
    >
      <p>The member becomes Admin, you become AI Engineer.</p>
      <Field label="To" {...(others.length === 0 ? { hint: "Nobody else is a member: invite somebody first." } : {})}>
        {(attributes) => (
          <select {...attributes} className="input" value={to} onChange={(event) => setTo(event.target.value)}>
            <option value="">Choose a member</option>
            {others.map(({ userId, name, email }) => (
              <option key={userId} value={userId}>
                {name} {email === null ? "" : `(${email})`}
              </option>
            ))}
          </select>
        )}
      </Field>
    </Confirm>
  );
}
