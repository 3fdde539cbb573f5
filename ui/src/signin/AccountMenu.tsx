import { Link, useNavigate } from "@tanstack/react-router";
import { useSession, useSignOut } from "../api/session";
import { useProjectId } from "../frame/project";
import { Menu } from "../parts/Menu";
import { sayError } from "../parts/toasts";
import { initials } from "./initials";
import "./signin.css";

const SECTIONS = [
  { section: "account", name: "Your account" },
  { section: "appearance", name: "Appearance" },
] as const;

/** Who is signed in, in the top bar. */
export function AccountMenu() {
  const user = useSession()?.user;
  const project = useProjectId();
  const signOut = useSignOut();
  const navigate = useNavigate();
  if (user === null || user === undefined) return null;
  const leave = () =>
    signOut().then(
      () => navigate({ to: "/sign-in" }),
      (error: unknown) => sayError(error),
    );
  return (
    <Menu label={initials(user.name)} name={`${initials(user.name)}: account of ${user.name}`} look="plain">
      {(close) => (
        <>
          <div className="account-who">
            <strong dir="auto">{user.name}</strong>
            <span className="muted">{user.email ?? "no e-mail yet"}</span>
          </div>
          {SECTIONS.map(({ section, name }) => (
            <Link
              key={section}
              className="menu-item"
              to="/p/$project/settings/$section"
              params={{ project, section }}
              onClick={close}
            >
              {name}
            </Link>
          ))}
          <button type="button" className="menu-item" onClick={leave}>
            Sign out
          </button>
        </>
      )}
    </Menu>
  );
}
