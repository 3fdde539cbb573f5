import { ListPage } from "./ListPage";

export function ThreadsPage() {
  return <ListPage kind="threads" key="threads" />;
}

export function RunsPage() {
  return <ListPage kind="runs" key="runs" />;
}

export function GenerationsPage() {
  return <ListPage kind="generations" key="generations" />;
}

export function StepsPage() {
  return <ListPage kind="steps" key="steps" />;
}

export function ScoresPage() {
  return <ListPage kind="scores" key="scores" />;
}

export function UsersPage() {
  return <ListPage kind="users" key="users" />;
}
