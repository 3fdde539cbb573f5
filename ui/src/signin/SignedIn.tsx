import { Link } from "@tanstack/react-router";
import { useSession } from "../api/session";

/** For who opens a sign-in page and is signed in already: the way on. Nothing for anybody else. */
export function SignedIn() {
  const user = useSession()?.user;
  if (user === null || user === undefined) return null;
  return (
    <p>
      You are signed in. <Link to="/">Go on as {user.name}</Link>
    </p>
  );
}
