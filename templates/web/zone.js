// Puts the browser's time zone into the form, where nobody has typed another one yet. The form works without it.
"use strict";
{
  const field = document.getElementById("zone");
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  if (field && zone && field.value === field.dataset.blank) field.value = zone;
}
