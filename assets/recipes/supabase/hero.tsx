// components/hero.tsx
//
// The to-do list of whoever is signed in. Nothing here says whose: the policies of the database do, for reading and for
// every change.

import { getKindeServerSession } from "@kinde-oss/kinde-auth-nextjs/server";
import { revalidatePath } from "next/cache";
import { Suspense } from "react";
import { createClient } from "@/lib/supabase/server";

type Todo = { id: number; task: string; completed_state: boolean };

async function add(form: FormData): Promise<void> {
  "use server";
  const task = String(form.get("task") ?? "").trim();
  if (!task) return;
  const supabase = await createClient();
  // user_id is left out: its default is the user of the token.
  const { error } = await supabase.from("todos").insert({ task });
  if (error) throw new Error(error.message);
  revalidatePath("/");
}

async function change(form: FormData): Promise<void> {
  "use server";
  const supabase = await createClient();
  const todos = supabase.from("todos");
  const id = Number(form.get("id"));
  const { error } =
    form.get("do") === "delete"
      ? await todos.delete().eq("id", id)
      : await todos.update({ completed_state: form.get("do") === "done" }).eq("id", id);
  if (error) throw new Error(error.message);
  revalidatePath("/");
}

// The list waits for the session: in a Suspense, so that the page around it need not (Next.js insists on it where Cache
// Components are switched on).
export function Hero() {
  return (
    <Suspense fallback={<p>Loading the list…</p>}>
      <Todos />
    </Suspense>
  );
}

async function Todos() {
  const supabase = await createClient();
  const { data, error } = await supabase.from("todos").select("id, task, completed_state").order("id");
  if (error) return <p role="alert">The list could not be read: {error.message}</p>;
  const todos: Todo[] = data;
  const user = await getKindeServerSession().getUser();
  if (!user) return <p>Sign in to see your list.</p>;
  return (
    <div className="flex flex-col gap-8 items-center">
      <form action={add} className="flex gap-2">
        <input name="task" aria-label="New task" placeholder="New task" required className="border px-2 py-1" />
        <button type="submit">Add</button>
      </form>
      <table className="w-full text-left">
        <thead>
          <tr>
            <th>ID</th>
            <th>Task</th>
            <th>Done</th>
            <th></th>
          </tr>
        </thead>
        <tbody>
          {todos.map((todo) => (
            <tr key={todo.id}>
              <td>{todo.id}</td>
              <td>{todo.task}</td>
              <td>{todo.completed_state ? "yes" : "no"}</td>
              <td>
                <form action={change} className="flex gap-2">
                  <input type="hidden" name="id" value={todo.id} />
                  <button type="submit" name="do" value={todo.completed_state ? "open" : "done"}>
                    {todo.completed_state ? "Open again" : "Done"}
                  </button>
                  <button type="submit" name="do" value="delete">
                    Delete
                  </button>
                </form>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      {todos.length === 0 && <p>Nothing to do.</p>}
    </div>
  );
}
