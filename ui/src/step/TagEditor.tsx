import { useQuery } from "@tanstack/react-query";
import { type KeyboardEvent, type RefObject, useId, useState } from "react";
import { useProject, useProjectId } from "../frame/project";
import { refusal } from "../settings/rights";
import { TagName } from "../settings/TagName";
import { tagsQuery } from "../settings/tags";
import { useTagging } from "./change";
import type { WholeStep } from "./types";

/** The tags of a step: typed in, Enter adds (and makes) one, × takes it away (P-LOG-13). */
export function TagEditor({ step, field }: { step: WholeStep; field: RefObject<HTMLInputElement | null> }) {
  const project = useProjectId();
  const { data } = useQuery(tagsQuery(project));
  const own = useProject();
  const refused = own === undefined ? undefined : refusal(own, "annotations");
  const { mutate, isPending } = useTagging(step);
  const [typed, setTyped] = useState("");
  const list = useId();
  const add = () => {
    const tag = typed.trim();
    setTyped("");
    if (tag !== "" && !step.tags.includes(tag)) mutate({ add: [tag] });
  };
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") add();
    if (event.key === "Escape") field.current?.blur();
  };
  const remove = (tag: string) => (refused === undefined ? { onRemove: () => mutate({ remove: [tag] }) } : {});
  return (
    <section className="tag-editor" aria-label="Tags" aria-busy={isPending}>
      {step.tags.map((tag) => (
        <TagName key={tag} name={tag} {...remove(tag)} />
      ))}
      {refused === undefined && (
        <>
          <input
            ref={field}
            className="input tag-field"
            aria-label="Add a tag"
            placeholder="+ tag"
            list={list}
            value={typed}
            maxLength={255}
            onChange={(event) => setTyped(event.target.value)}
            onKeyDown={onKeyDown}
          />
          <datalist id={list}>
            {data?.tags
              .filter(({ name }) => !step.tags.includes(name))
              .map(({ id, name }) => (
                <option key={id} value={name} />
              ))}
          </datalist>
        </>
      )}
    </section>
  );
}
