/** The styles of the Mantine components that the shell and the first screens use; forms bring theirs (form/Inputs.ts). */
import "@mantine/core/styles/baseline.css"
import "@mantine/core/styles/default-css-variables.css"
import "@mantine/core/styles/global.css"
import "@mantine/core/styles/UnstyledButton.css"
import "@mantine/core/styles/Loader.css"
import "@mantine/core/styles/Button.css"
import "@mantine/core/styles/Input.css"
