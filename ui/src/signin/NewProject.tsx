import { useMutation, useQueryClient } from "@tanstack/react-query";
import { useNavigate } from "@tanstack/react-router";
import { type FormEvent, useState } from "react";
import { request } from "../api/request";
import { type Project, sessionQuery } from "../api/session";
import { Button } from "../parts/Button";
import { Dialog } from "../parts/Dialog";
import { TextField } from "../parts/TextField";

/** The dialog that makes a project; whoever makes it is its Admin. */
export default function NewProject({ onClose }: { onClose: () => void }) {
  const [name, setName] = useState("");
  const client = useQueryClient();
  const navigate = useNavigate();
  const make = useMutation({
    mutationFn: () => request<Project>("api/projects", { method: "POST", body: { name: name.trim() } }),
    onSuccess: async ({ id }) => {
      await client.invalidateQueries({ queryKey: sessionQuery.queryKey });
      onClose();
      await navigate({ to: "/p/$project/dashboard", params: { project: id } });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    make.mutate();
  };
  return (
    <Dialog title="New project" onClose={onClose}>
      <form className="signin-form" onSubmit={submit}>
        <TextField
          label="Name"
          hint="It has logs, keys, members and prices of its own; you are its Admin."
          problem={make.error?.message}
          required
          maxLength={255}
          autoFocus
          value={name}
          onChange={setName}
        />
        <Button type="submit" look="primary" disabled={make.isPending}>
          Create
        </Button>
      </form>
    </Dialog>
  );
}
