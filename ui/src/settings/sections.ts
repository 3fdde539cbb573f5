import type { ComponentType } from "react";
import type { Project } from "../api/session";
import { Account } from "./Account";
import { Appearance } from "./Appearance";
import { Export } from "./Export";
import { General } from "./General";
import { Keys } from "./Keys";
import { Members } from "./Members";
import { Prices } from "./Prices";
import { ScoreSchemas } from "./ScoreSchemas";
import { Tags } from "./Tags";

interface Section {
  /** Its part of the address. */
  id: string;
  group: (typeof GROUPS)[number];
  name: string;
  Component: ComponentType<{ project: Project }>;
}

export const GROUPS = ["General", "LLM", "Scoring", "Team", "You"] as const;

export const SECTIONS: readonly Section[] = [
  { id: "general", group: "General", name: "Project", Component: General },
  { id: "export", group: "General", name: "Export", Component: Export },
  { id: "prices", group: "LLM", name: "Model prices", Component: Prices },
  { id: "scores", group: "Scoring", name: "Score schemas", Component: ScoreSchemas },
  { id: "tags", group: "Scoring", name: "Tags", Component: Tags },
  { id: "members", group: "Team", name: "Members", Component: Members },
  { id: "keys", group: "Team", name: "API keys", Component: Keys },
  { id: "account", group: "You", name: "Your account", Component: Account },
  { id: "appearance", group: "You", name: "Appearance", Component: Appearance },
];
