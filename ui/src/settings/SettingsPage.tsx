import { Link, Navigate, useParams } from "@tanstack/react-router";
import { useProject } from "../frame/project";
import { GROUPS, SECTIONS } from "./sections";
import "./settings.css";

/** The settings of a project and of who is signed in: sections on the left, one of them on the right. */
export function SettingsPage() {
  const { section = "general" } = useParams({ strict: false });
  const project = useProject();
  if (project === undefined) return null;
  const shown = SECTIONS.find(({ id }) => id === section);
  if (shown === undefined) return <Navigate to="/p/$project/settings" params={{ project: project.id }} replace />;
  const { Component } = shown;
  return (
    <div className="settings">
      <nav className="settings-nav" aria-label="Settings">
        {GROUPS.map((group) => (
          <section key={group}>
            <h2 className="settings-group">{group}</h2>
            {SECTIONS.filter((one) => one.group === group).map(({ id, name }) => (
              <Link
                key={id}
                className="settings-link"
                to="/p/$project/settings/$section"
                params={{ project: project.id, section: id }}
                search={(before) => before}
                aria-current={id === shown.id ? "page" : undefined}
              >
                {name}
              </Link>
            ))}
          </section>
        ))}
      </nav>
      <div className="settings-section">
        <h1>{shown.name}</h1>
        {/* Another project is another form: nothing typed for one is saved to the other. */}
        <Component key={project.id} project={project} />
      </div>
    </div>
  );
}
