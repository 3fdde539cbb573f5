import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useState } from "react";
import { request } from "../api/request";
import { useProject, useProjectId } from "../frame/project";
import { TagDialog } from "../lists/TagDialog";
import { Button } from "../parts/Button";
import { Glyph } from "../parts/Glyph";
import { sayError } from "../parts/toasts";
import { refusal } from "../settings/rights";
import { TagName } from "../settings/TagName";
import { traceQuery } from "./query";
import type { Thread } from "./rows";
import "../lists/lists.css";

interface Results {
  results: { id: string; ok: boolean; message?: string; tags?: string[] }[];
}

/** The tags of a thread, and the dialog that gives and takes them (P-LOG-13). */
export function ThreadTags({ thread }: { thread: Thread }) {
  const project = useProjectId();
  const own = useProject();
  const client = useQueryClient();
  const [open, setOpen] = useState(false);
  const refused = own === undefined ? undefined : refusal(own, "annotations");
  const { mutate, isPending } = useMutation({
    mutationFn: async (change: { add: string[]; remove: string[] }) => {
      const body = { ids: [thread.id], ...change };
      const { results } = await request<Results>("api/logs/threads/tags", { method: "POST", project, body });
      const [result] = results;
      if (result?.tags === undefined) throw new Error(result?.message ?? "The tags were not changed.");
      return result.tags;
    },
    onSuccess: (tags) => {
      client.setQueryData(
        traceQuery(project, "thread", thread.id).queryKey,
        (trace) => trace && { ...trace, thread: trace.thread && { ...trace.thread, tags } },
      );
      void client.invalidateQueries({ queryKey: ["tags", project] });
      void client.invalidateQueries({ queryKey: ["logs", project] });
    },
    onError: sayError,
  });
  return (
    <span className="thread-tags" aria-busy={isPending}>
      {thread.tags.map((tag) => (
        <TagName key={tag} name={tag} />
      ))}
      <Button look="plain" refused={refused} aria-label="Tag this thread" onClick={() => setOpen(true)}>
        <Glyph name="tag" />
      </Button>
      {open && (
        <TagDialog
          kind="threads"
          number={1}
          present={thread.tags}
          onApply={(add, remove) => {
            setOpen(false);
            mutate({ add, remove });
          }}
          onClose={() => setOpen(false)}
        />
      )}
    </span>
  );
}
