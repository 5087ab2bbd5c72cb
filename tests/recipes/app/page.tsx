export default function Page() {
  return <p>Up</p>;
}
