/**
 * As the `ref` of the control that a dialog begins with. React's own autoFocus focuses too early: the browser looks
 * for the attribute when the dialog opens.
 */
export function firstFocus(node: HTMLElement | null): void {
  node?.setAttribute('autofocus', '')
}
